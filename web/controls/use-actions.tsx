// The way of an action from a button to its answer: dialog where something is missing, notice when it is done or failed.
import { useCallback, useRef, useState } from 'preact/hooks';
import { type EngineAction, sendAction } from '../stream/engine-actions.js';
import { keepToken, knownToken } from '../stream/session-token.js';
import { ActionDialog } from './action-dialog.js';
import { wordsOf } from './action-words.js';
import type { Controls } from './controls.js';

export interface Notice {
  readonly id: number;
  readonly isProblem: boolean;
  readonly text: string;
}

interface Pending {
  readonly action: EngineAction;
  readonly needsToken: boolean;
  readonly problem: string | undefined;
  readonly isBusy: boolean;
}

const MAX_NOTICES = 4;
const NOTICE_MS = 6_000;

export function useActions() {
  const [pending, setPending] = useState<Pending | undefined>(undefined);
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const nextId = useRef(0);

  const dismiss = useCallback((id: number) => {
    setNotices((all) => all.filter((notice) => notice.id !== id));
  }, []);
  const say = useCallback(
    (isProblem: boolean, text: string) => {
      const id = nextId.current++;
      setNotices((all) => [...all, { id, isProblem, text }].slice(-MAX_NOTICES));
      // A problem stays until it was seen.
      if (!isProblem) setTimeout(() => dismiss(id), NOTICE_MS);
    },
    [dismiss],
  );

  const go = useCallback(
    async (action: EngineAction, given: string | undefined) => {
      const token = given ?? knownToken();
      if (token === undefined) {
        setPending({ action, needsToken: true, problem: undefined, isBusy: false });
        return;
      }
      setPending((shown) => (shown === undefined ? shown : { ...shown, isBusy: true }));
      const outcome = await sendAction(action, token, document.baseURI);
      if (outcome.kind === 'token-refused') {
        keepToken(undefined);
        setPending({ action, needsToken: true, problem: outcome.text, isBusy: false });
        return;
      }
      keepToken(token);
      setPending(undefined);
      const title = wordsOf(action).title;
      say(outcome.kind === 'failed', `${title}: ${outcome.text}`);
    },
    [say],
  );

  const ask = useCallback(
    (action: EngineAction) => {
      const needsToken = knownToken() === undefined;
      if (needsToken || wordsOf(action).needsConfirmation) {
        setPending({ action, needsToken, problem: undefined, isBusy: false });
      } else {
        void go(action, undefined);
      }
    },
    [go],
  );
  const controls = useRef<Controls>({ ask });

  const dialog = pending && (
    <ActionDialog
      key={wordsOf(pending.action).title}
      {...pending}
      onGo={(action, token) => void go(action, token)}
      onCancel={() => setPending(undefined)}
    />
  );
  return { controls: controls.current, dialog, notices, dismiss };
}
