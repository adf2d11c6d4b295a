// The style sheet's colours as canvas takes them: computed, whatever the theme.

export type Ink =
  | 'kalshi'
  | 'polymarket'
  | 'good'
  | 'warn'
  | 'bad'
  | 'accent'
  | 'soft'
  | 'dim'
  | 'grid';

export function chartColour(ink: Ink): string {
  const probe = document.createElement('span');
  probe.className = `ink-${ink}`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
