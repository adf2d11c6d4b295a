// The frame around every part of the page: a heading, what stands beside it, and the part.
import type { ComponentChildren } from 'preact';

export interface PanelProps {
  readonly id: string;
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ id, title, aside, children }: PanelProps) {
  return (
    <section id={id} class={`panel panel-${id}`} aria-labelledby={`${id}-title`}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** Said where there is nothing to show, so that an empty part is not taken for a broken one. */
export function Nothing({ children }: { readonly children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}
