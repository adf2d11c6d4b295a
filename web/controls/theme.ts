// Light, dark, or what the system says; kept for the next visit.
import { useEffect, useState } from 'preact/hooks';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'underround-theme';

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === stored) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The chosen theme, a switch to the next, and a word that changes whenever colours do. */
export function useTheme() {
  const [theme, setTheme] = useState(storedTheme);
  const [isDark, setIsDark] = useState(systemIsDark);
  applyTheme(theme);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => setIsDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  const next = (): void => {
    const after = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
    setTheme(after);
    try {
      localStorage.setItem(KEY, after);
    } catch (error) {
      console.warn('the theme is not kept over a reload:', error);
    }
  };
  return { theme, next, colours: theme === 'auto' ? `auto-${isDark}` : theme };
}

function systemIsDark(): boolean {
  return matchMedia('(prefers-color-scheme: dark)').matches;
}
