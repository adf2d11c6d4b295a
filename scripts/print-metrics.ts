// `npm run metrics-page`: writes the page to standard output.
import { metricsPage } from './metrics-page.js';

process.stdout.write(await metricsPage());
