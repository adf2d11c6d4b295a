// Asks what is missing before an action: that it is meant, why, and the token. Says there why it was refused.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { EngineAction } from '../stream/engine-actions.js';
import { takesReason, wordsOf } from './action-words.js';

export interface ActionDialogProps {
  readonly action: EngineAction;
  readonly needsToken: boolean;
  readonly problem: string | undefined;
  readonly isBusy: boolean;
  readonly onGo: (action: EngineAction, token: string | undefined) => void;
  readonly onCancel: () => void;
}

export function ActionDialog(props: ActionDialogProps) {
  const { action, needsToken, problem, isBusy, onGo, onCancel } = props;
  const words = wordsOf(action);
  const dialog = useRef<HTMLDialogElement>(null);
  const [why, setWhy] = useState(takesReason(action) ? action.why : '');
  const [token, setToken] = useState('');
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    onGo(takesReason(action) ? { ...action, why } : action, needsToken ? token.trim() : undefined);
  };
  return (
    <dialog
      ref={dialog}
      class={words.isGrave ? 'grave' : ''}
      aria-labelledby="dialog-title"
      onClose={onCancel}
    >
      <form onSubmit={submit}>
        <h2 id="dialog-title">{words.title}</h2>
        <p>{words.explanation}</p>
        {takesReason(action) && (
          <label>
            Why, for the journal and whoever reads it later
            <input
              name="why"
              value={why}
              required
              maxLength={200}
              onInput={(event) => setWhy(event.currentTarget.value)}
            />
          </label>
        )}
        {needsToken && <TokenField token={token} onToken={setToken} />}
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <div class="dialog-buttons">
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
          <button type="submit" class={words.isGrave ? 'danger' : 'primary'} disabled={isBusy}>
            {isBusy ? 'Asking…' : words.verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}

interface TokenFieldProps {
  readonly token: string;
  readonly onToken: (token: string) => void;
}

export function TokenField({ token, onToken }: TokenFieldProps) {
  return (
    <label>
      Token: every action needs it; the engine prints where it is when it starts
      <input
        name="token"
        type="password"
        autocomplete="off"
        value={token}
        required
        onInput={(event) => onToken(event.currentTarget.value)}
      />
    </label>
  );
}
