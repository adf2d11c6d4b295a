import { describePage } from '../web/describe-page.js';
import { startControlled } from './controlled-run.js';

describePage('the engine', async () => {
  const run = await startControlled(['--seed', '7', '--markets', '60', '--rate', '3']);
  return { url: `${run.url}/`, token: run.token, end: run.end };
});
