// Where the page starts: takes the token from the address, then draws.
import { render } from 'preact';
import { App } from './app.js';
import { takeTokenFromAddress } from './stream/session-token.js';

takeTokenFromAddress();
const host = document.getElementById('page');
if (host === null) throw new Error('the page has no place for its parts: id=page');
render(<App />, host);
