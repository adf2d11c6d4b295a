import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/runtime/status.js';
import { EventHub, type ToldEvent } from '../../src/telemetry/event-hub.js';
import { EVENTS, PARTS, ruleOf } from '../../src/telemetry/event-table.js';
import { Secrets } from '../../src/telemetry/secrets.js';

const EVENT: EngineEvent = { level: 'info', event: 'connected', text: 'up', facts: {} };

function hub(secrets = new Secrets()) {
  const made = new EventHub({ level: 'info', secrets, wallMs: () => 1_000 });
  const heard: ToldEvent[] = [];
  made.add((event) => heard.push(event));
  return { made, heard };
}

describe('the hub of events', () => {
  it('gives each event with its part and time to everybody, without secrets', () => {
    const secrets = new Secrets();
    secrets.keep('hunter22');
    const { made, heard } = hub(secrets);
    const others: ToldEvent[] = [];
    made.add((event) => others.push(event));
    made.say({ ...EVENT, text: 'up with hunter22' });
    expect(heard).toEqual([{ ...EVENT, text: 'up with [hidden]', part: 'feeds', atMs: 1_000 }]);
    expect(others).toEqual(heard);
  });

  it('holds each part to its own level, which can change at any time', () => {
    const { made, heard } = hub();
    made.setLevel('feeds', 'warn');
    made.say(EVENT);
    made.say({ ...EVENT, event: 'arb-filled' });
    made.say({ ...EVENT, event: 'disconnected', level: 'warn' });
    made.setLevel('feeds', 'debug');
    made.say(EVENT);
    expect(heard.map(({ event }) => event)).toEqual(['arb-filled', 'disconnected', 'connected']);
    expect(made.levels()).toMatchObject({ feeds: 'debug', desk: 'info' });
  });

  it('gives everything to who must not fall silent with the log', () => {
    const { made, heard } = hub();
    const whole: string[] = [];
    made.addWhole(({ event }) => whole.push(event));
    for (const part of PARTS) made.setLevel(part, 'error');
    made.say(EVENT);
    expect([heard.length, whole.length]).toEqual([0, 1]);
  });

  it('does not let one that throws keep the others from hearing, nor the engine from going on', () => {
    const { made } = hub();
    const heard: string[] = [];
    made.add(() => {
      throw new Error('full');
    });
    made.add(({ event }) => heard.push(event));
    made.say(EVENT);
    expect(heard).toEqual(['connected']);
    expect(made.failures).toBe(1);
  });

  it('stops giving to who has left', () => {
    const { made } = hub();
    const heard: string[] = [];
    const leave = made.add(({ event }) => heard.push(event));
    leave();
    made.say(EVENT);
    expect(heard).toEqual([]);
  });

  it('calls somebody for an error that no table knows', () => {
    expect(ruleOf({ ...EVENT, event: 'never-heard-of', level: 'error' }).alert).toMatchObject({
      level: 'error',
      topic: 'never-heard-of',
    });
    expect(ruleOf({ ...EVENT, event: 'toString' }).alert).toBeUndefined();
  });
});

/** Names that are an argument at the place where they are told: what is given there. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  'src/runtime/venue-reactions.ts reason': ['venue-closed', 'clock'],
};
/** Commands that look at an exchange tell lines of their own and call nobody. */
const OTHER_COMMANDS = /src\/cli\/(?:stress|record|monitor)-command\.ts$/;

describe('the table of events', () => {
  it('has every event that the source tells', () => {
    const told = sources('src').flatMap(toldIn);
    expect(told.length).toBeGreaterThan(45);
    expect(told.filter(({ event }) => !Object.hasOwn(EVENTS, event))).toEqual([]);
  });

  it('finds an event in each of the forms in which one is told', () => {
    const text = `
      this.#say('warn', 'one', 'text', {});
      say('info', isGood ? 'two' : 'three', 'text', {});
      log({ level: 'error', event: 'four', text, facts: {} });
      parts.say(urgency, 'five', 'text', facts);`;
    expect(toldInText('x.ts', text).map(({ event }) => event)).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
    ]);
  });

  it('ends a topic only with facts that its beginning has', () => {
    const rules = Object.values(EVENTS).flatMap(({ alert }) => alert ?? []);
    for (const { topic, by } of rules.filter(({ resolves }) => resolves)) {
      const begun = rules.filter((rule) => rule.topic === topic && !rule.resolves);
      expect(begun.length).toBeGreaterThan(0);
      for (const rule of begun) expect(rule.by).toEqual(by);
    }
  });
});

interface Told {
  readonly file: string;
  readonly event: string;
}

function sources(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => path.endsWith('.ts') && !path.startsWith(join('src', 'sim')))
    .filter((path) => !OTHER_COMMANDS.test(path));
}

function toldIn(path: string): Told[] {
  return toldInText(path, readFileSync(path, 'utf8'));
}

/** say(level, event, text, ...) and { level, event, text, ... }, wherever they stand. */
function toldInText(file: string, text: string): Told[] {
  const told: Told[] = [];
  const visit = (node: ts.Node): void => {
    const name = ts.isCallExpression(node) ? eventOfCall(node) : eventOfObject(node);
    if (name !== undefined) told.push(...names(file, name).map((event) => ({ file, event })));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return told;
}

function eventOfCall({
  expression,
  arguments: given,
}: ts.CallExpression): ts.Expression | undefined {
  const callee = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  if (!/^#?say$/.test(callee.getText()) || given.length < 3) return undefined;
  // A say that passes on what it was given tells nothing by itself, and Kalshi's subscriptions say commands.
  const [level, event] = given;
  if (level === undefined || event === undefined || isPassedOn(event)) return undefined;
  return /'(subscribe|update_subscription|list_subscriptions|unsubscribe)'/.test(level.getText())
    ? undefined
    : event;
}

function eventOfObject(node: ts.Node): ts.Expression | undefined {
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const property = (name: string) =>
    node.properties.find(
      (each): each is ts.PropertyAssignment =>
        ts.isPropertyAssignment(each) && each.name.getText() === name,
    );
  return property('level') === undefined ? undefined : property('event')?.initializer;
}

/** `event`, or `x.event`. */
function isPassedOn(expression: ts.Expression): boolean {
  return /^(?:\w+\.)?event(?: as string)?$/.test(expression.getText());
}

/** Every name that the expression can be. Throws where that cannot be read from the source. */
function names(file: string, expression: ts.Expression): readonly string[] {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isConditionalExpression(expression)) {
    return [...names(file, expression.whenTrue), ...names(file, expression.whenFalse)];
  }
  if (isPassedOn(expression)) return [];
  const given = GIVEN[`${file} ${expression.getText()}`];
  if (given === undefined) {
    throw new Error(`which event is told here? ${file}: ${expression.getText()}`);
  }
  return given;
}
