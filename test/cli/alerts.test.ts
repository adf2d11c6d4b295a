import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AlertServer, answering } from '../telemetry/alert-server.js';
import { BuiltProgram } from './built-program.js';

const TOKEN = '123456789:AAF-abcdefghijklmnopqrstuvwxyz12345';

let program: BuiltProgram;
beforeAll(async () => {
  program = await BuiltProgram.build();
});
afterAll(() => program.remove());

function file(name: string, text: string): string {
  const path = join(program.directory, name);
  writeFileSync(path, text);
  return path;
}

async function test(...args: string[]) {
  const { said, ended } = program.start('alerts', 'test', ...args);
  return { code: await ended, ...said };
}

describe('underround alerts test', () => {
  it('sends one alert to every target and says that it was taken', async () => {
    const server = await AlertServer.start();
    const { code, out } = await test(
      '--alerts-slack-url-file',
      file('slack', `${server.url}/slack`),
      '--alerts-telegram-token-file',
      file('telegram', TOKEN),
      '--alerts-telegram-chat',
      '42',
      '--alerts-telegram-url',
      server.url,
    );
    expect([code, out]).toEqual([0, 'slack: taken\ntelegram: taken\n']);
    expect(server.taken.map(({ path }) => path).sort()).toEqual([
      `/bot${TOKEN}/sendMessage`,
      '/slack',
    ]);
  });

  it('says what a target answered that has not taken it, without its address, and fails', async () => {
    const server = await AlertServer.start();
    server.answer = answering(404, `{"description":"no /bot${TOKEN}/sendMessage here"}`);
    const { code, out, err } = await test(
      '--alerts-telegram-token-file',
      file('telegram', TOKEN),
      '--alerts-telegram-chat=42',
      '--alerts-telegram-url',
      server.url,
    );
    expect(code).toBe(1);
    expect(out).toContain('telegram: not taken: status=404');
    expect(out + err).not.toContain(TOKEN);
  });

  it('is wrong without a target, and with a file that holds no address', async () => {
    const none = await test();
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('no target')]);
    const wrong = await test('--alerts-slack-url-file', file('wrong', 'hush-hush'));
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('holds no URL')]);
    expect(wrong.err).not.toContain('hush-hush');
  });
});
