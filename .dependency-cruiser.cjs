/** The product's own code, without its tests. */
const product = {
  path: '^(libs|services)/[^/]+/src',
  pathNot: ['\\.test\\.ts$', '/testing-[^/]+\\.ts$', '^libs/testing/'],
};

/** One third-party client, one place that knows it. */
const clients = [
  { client: 'kafkajs', home: '^libs/kafka/' },
  { client: 'ioredis', home: '^libs/cache/' },
  { client: '@aws-sdk', home: '^libs/object-store/' },
  { client: 'rocksdb-native', home: '^libs/state-store/' },
  { client: 'pino', home: '^libs/telemetry/' },
  { client: 'prom-client', home: '^libs/telemetry/' },
  { client: 'jose', home: '^libs/access/' },
  { client: '@kafkajs/confluent-schema-registry', home: '^libs/schema-registry/' },
  { client: 'avsc', home: '^libs/schema-registry/' },
  { client: 'ajv', home: '^libs/contracts/src/compile-event-checks[.]ts$' },
  { client: 'undici', home: '^loadtest/' },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          '\\.test\\.ts$',
          '(^|/)main\\.ts$',
          '\\.d\\.m?ts$',
          '^deploy/(ci|images/tools)/[^/]+\\.ts$',
          '\\.cjs$',
        ],
      },
      to: {},
    },
    {
      name: 'kernel-imports-nothing',
      severity: 'error',
      from: { path: '^libs/kernel/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^libs/kernel/src' },
    },
    {
      name: 'contracts-import-kernel-and-zod-only',
      severity: 'error',
      from: { path: '^libs/contracts/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^libs/(contracts|kernel)/', 'node_modules/(zod|ajv)/'] },
    },
    {
      name: 'models-are-pure',
      severity: 'error',
      from: { path: '^libs/(robot|anomaly)-model/src', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^libs/($1-model|contracts|kernel)/' },
    },
    {
      name: 'plain-libs-import-kernel-only',
      severity: 'error',
      from: {
        path: '^libs/(access|signing|config|telemetry|runtime|kafka|cache|object-store)/src',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        path: '^libs/',
        pathNot: [
          '^libs/kernel/',
          '^libs/$1/',
          '^libs/(access|signing|config|telemetry|runtime|kafka|cache|object-store)/src',
        ],
      },
    },
    {
      name: 'schema-registry-imports-contracts-and-kernel-only',
      severity: 'error',
      from: { path: '^libs/schema-registry/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^libs/', pathNot: '^libs/(schema-registry|contracts|kernel)/' },
    },
    { name: 'libs-never-import-services', severity: 'error', from: { path: '^libs/' }, to: { path: '^services/' } },
    {
      name: 'services-never-import-services',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'product-never-imports-how-it-is-run',
      severity: 'error',
      from: product,
      to: { path: ['^deploy/', '^loadtest/'] },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '/domain/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['/domain/', '^libs/(kernel|contracts|signing|robot-model)/', 'node_modules/zod/'] },
    },
    { name: 'nothing-imports-main', severity: 'error', from: { pathNot: '/bin/' }, to: { path: '(^|/)main\\.ts$' } },
    {
      name: 'no-test-code-in-product',
      severity: 'error',
      from: product,
      to: { path: ['^libs/testing/', '\\.test\\.ts$'] },
    },
    ...clients.map(({ client, home }) => ({
      name: `only-one-place-knows-${client}`,
      severity: 'error',
      from: { pathNot: [home, '\\.test\\.ts$'] },
      to: { path: `node_modules/${client}/` },
    })),
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)node_modules/\\.' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
    combinedDependencies: true,
  },
};
