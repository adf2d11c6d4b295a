// Imports go downwards only: domain <- shm <- venues <- pipeline <- runtime <- workers, cli, main. The simulated
// exchanges stand beside the engine and know only domain and the venues' wire formats.
const layer = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^(src|workers)' },
      to: { dependencyTypes: ['npm-dev'], pathNot: 'node_modules/@types' },
    },
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: '^src/domain' },
      to: { pathNot: '^src/domain' },
    },
    layer(
      'shm-knows-no-trading',
      '^src/shm',
      '^src/(domain|venues|pipeline|runtime|sim|cli|net|main|sinks)',
    ),
    layer('venues-do-not-know-each-other', '^src/venues/kalshi', '^src/venues/polymarket'),
    layer('venues-do-not-know-each-other-2', '^src/venues/polymarket', '^src/venues/kalshi'),
    layer('venues-below-pipeline', '^src/venues', '^src/(pipeline|runtime|sim|cli|main|sinks)'),
    layer(
      'net-is-a-leaf',
      '^src/net',
      '^src/(venues|pipeline|runtime|telemetry|control|sim|cli|main|sinks)',
    ),
    layer('pipeline-below-runtime', '^src/pipeline', '^src/(paper|runtime|sim|cli|main|sinks)'),
    // Sinks copy what the journal has committed: they must not know who trades, or how.
    layer('sinks-below-runtime', '^src/sinks', '^src/(venues|pipeline|runtime|sim|cli|main)'),
    layer(
      'journal-below-runtime',
      '^src/journal',
      '^src/(venues|net|pipeline|runtime|sim|cli|main|sinks)',
    ),
    {
      name: 'journal-for-runtime-and-cli-only',
      severity: 'error',
      from: { path: '^(src|workers)', pathNot: '^src/(journal|runtime|sinks|cli)' },
      to: { path: '^src/journal' },
    },
    {
      name: 'database-only-in-journal',
      severity: 'error',
      from: { path: '^(src|workers)', pathNot: '^src/(journal|runtime/instance-lock)' },
      to: { path: 'node_modules/libsql(/|$)' },
    },
    {
      name: 'other-databases-only-in-sinks',
      severity: 'error',
      from: { path: '^(src|workers)', pathNot: '^src/sinks' },
      to: { path: 'node_modules/(pg|ioredis)(/|$)' },
    },
    layer('paper-below-runtime', '^src/paper', '^src/(journal|runtime|sim|cli|main)'),
    layer('runtime-below-cli', '^src/runtime', '^src/(sim|cli|main)'),
    layer(
      'telemetry-below-cli',
      '^src/telemetry',
      '^src/(venues|pipeline|journal|control|sim|cli|main)',
    ),
    {
      name: 'telemetry-is-composed-by-cli',
      severity: 'error',
      from: { path: '^(src|workers)', pathNot: '^src/(telemetry|cli|control)' },
      to: { path: '^src/telemetry' },
    },
    layer(
      'control-below-cli',
      '^src/control',
      '^src/(venues|pipeline|journal|telemetry|sim|cli|main)',
    ),
    {
      name: 'control-is-composed-by-cli',
      severity: 'error',
      from: { path: '^(src|workers)', pathNot: '^src/(control|cli)' },
      to: { path: '^src/control' },
    },
    {
      name: 'sim-knows-domain-and-wire-only',
      severity: 'error',
      from: { path: '^src/sim' },
      to: { path: '^src/', pathNot: '^src/(sim|domain|venues/[^/]+/wire)' },
    },
    {
      name: 'engine-does-not-know-the-simulator',
      severity: 'error',
      from: { path: '^(src/(domain|shm|venues|pipeline|paper|runtime|net|journal)|workers)' },
      to: { path: '^src/sim' },
    },
    {
      name: 'threads-only-in-runtime-and-workers',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/runtime' },
      to: { path: '^(node:)?worker_threads$' },
    },
    {
      name: 'sockets-only-in-net-and-venues-and-sim',
      severity: 'error',
      from: { path: '^(src|workers)', pathNot: '^src/(net|venues|sim)' },
      // The control server's library brings its own; only their type is named.
      to: { path: 'node_modules/(ws|undici)(/|$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'page-knows-words-and-figures-only',
      severity: 'error',
      from: { path: '^web' },
      to: {
        path: '^(src|workers)/',
        pathNot:
          '^src/(domain/|control/contract|runtime/(status|views)|journal/records|cli/number-text)',
      },
    },
    {
      name: 'engine-does-not-know-the-page',
      severity: 'error',
      from: { path: '^(src|workers|bench)' },
      to: { path: '^web' },
    },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      from: { path: '^(src|workers|web)' },
      to: { path: '^(test|bench)' },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
