// `npm run layouts`: writes the page to standard output.
import { layoutsPage } from './layouts.js';

process.stdout.write(layoutsPage());
