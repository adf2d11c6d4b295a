// What became of the last actions, in a corner; read out by a screen reader.
import type { Notice } from './use-actions.js';

export interface NoticesProps {
  readonly notices: readonly Notice[];
  readonly onDismiss: (id: number) => void;
}

export function Notices({ notices, onDismiss }: NoticesProps) {
  return (
    <div class="notices" aria-live="polite">
      {notices.map(({ id, isProblem, text }) => (
        <div
          key={id}
          class={isProblem ? 'notice problem' : 'notice'}
          role={isProblem ? 'alert' : 'status'}
        >
          <span>{text}</span>
          <button type="button" aria-label="Dismiss" onClick={() => onDismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
