// `npm run configuration`: writes the page to standard output.
import { configurationPage } from './configuration-page.js';

process.stdout.write(configurationPage());
