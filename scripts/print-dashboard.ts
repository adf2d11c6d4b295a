// `npm run dashboard`: writes the dashboard to standard output.
import { grafanaDashboard } from './grafana-dashboard.js';

process.stdout.write(`${JSON.stringify(grafanaDashboard(), null, 2)}\n`);
