// The token of actions: from the address (#token=...), from then on in this tab's session alone.

const KEY = 'underround-token';
let token: string | undefined;

/** Takes the token out of the address bar, so that it is neither bookmarked nor read over a shoulder. */
export function takeTokenFromAddress(): void {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const given = parameters.get('token');
  if (given === null) return;
  parameters.delete('token');
  const rest = parameters.toString();
  history.replaceState(null, '', `${location.pathname}${location.search}${rest && `#${rest}`}`);
  keepToken(given);
}

export function keepToken(given: string | undefined): void {
  token = given === '' ? undefined : given;
  try {
    if (token === undefined) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, token);
  } catch (error) {
    // Storage may be forbidden; the token then lasts as long as the page.
    console.warn('the token is not kept over a reload:', error);
  }
}

export function knownToken(): string | undefined {
  if (token !== undefined) return token;
  try {
    token = sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    token = undefined;
  }
  return token;
}
