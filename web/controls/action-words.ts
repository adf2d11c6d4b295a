// How each action is named, and what is said before it is done.
import type { EngineAction } from '../stream/engine-actions.js';

export interface ActionWords {
  readonly title: string;
  /** On the button that does it. */
  readonly verb: string;
  readonly explanation: string;
  readonly isGrave: boolean;
  /** Asked for before it is done, even with the token at hand. */
  readonly needsConfirmation: boolean;
}

const quiet = (title: string, verb: string, explanation: string): ActionWords => ({
  title,
  verb,
  explanation,
  isGrave: false,
  needsConfirmation: false,
});

export function wordsOf(action: EngineAction): ActionWords {
  switch (action.kind) {
    case 'stop-opening':
      return quiet(
        'Stop opening',
        'Stop opening',
        'No new arbitrage is opened. Legs that are alone are still evened out.',
      );
    case 'kill':
      return {
        title: 'Kill: not one order more',
        verb: 'Kill',
        explanation:
          'Not one order leaves any more, not even one that evens out a lone leg. What is naked stays naked until you resume.',
        isGrave: true,
        needsConfirmation: true,
      };
    case 'resume':
      return {
        title: 'Resume trading',
        verb: 'Resume',
        explanation: 'The engine opens arbitrages again.',
        isGrave: false,
        needsConfirmation: true,
      };
    case 'freeze':
      return quiet(`Freeze ${action.name}`, 'Freeze', 'Nothing is opened in this market.');
    case 'unfreeze':
      return quiet(`Unfreeze ${action.name}`, 'Unfreeze', 'This market is traded again.');
    case 'set-limit':
      return {
        title: `Set ${action.name}`,
        verb: 'Set',
        explanation: `${action.name} becomes ${action.text} at once.`,
        isGrave: false,
        needsConfirmation: false,
      };
    case 'set-log-level':
      return quiet(
        `Log level of ${action.part}`,
        'Set',
        `${action.part} prints from ${action.level} on.`,
      );
    default:
      return action satisfies never;
  }
}

/** Whether a person may say why; it stands in the journal. */
export function takesReason(
  action: EngineAction,
): action is Extract<EngineAction, { readonly why: string }> {
  return 'why' in action;
}
