const { builtinModules } = require('node:module');

// Who may import whom, as rules; test/architecture.spec.ts tries each of them.
// From the bottom up: protocol, errors, timing → options, link → session → client, server, browser → nest → index.ts.
// A type counts as an import too: what a file needs to be understood is what it depends on.

const lib = '^libs/heartwire/src';
const spec = '\\.(spec|e2e-spec)\\.ts$';

/** The library's folders, as one pattern. */
const folders = (...names) => `${lib}/(${names.join('|')})/`;

/** Packages by name, found in node_modules or not. */
const packages = (...names) => `(^|node_modules/)(${names.join('|')})(/|$)`;

const everyFolder = [
  'protocol',
  'errors',
  'timing',
  'options',
  'link',
  'session',
  'client',
  'server',
  'browser',
  'nest',
  'redis',
  'testing',
];
const allBut = (...names) => everyFolder.filter((name) => !names.includes(name));

const layer = (name, mayImport, comment) => ({
  name: `${name}-imports-only-what-is-below`,
  comment,
  severity: 'error',
  from: { path: folders(name), pathNot: spec },
  to: { path: [folders(...allBut(name, ...mayImport)), `${lib}/index\\.ts$`] },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    layer(
      'protocol',
      [],
      'The codec and the messages know of nothing else in the library, so another project can take them as they are.',
    ),
    layer('errors', [], 'Every folder throws these errors, so they import none of them.'),
    layer(
      'timing',
      [],
      'Clocks, backoff and liveness know nothing of connections, so marble tests can drive them.',
    ),
    layer('options', ['protocol', 'errors', 'timing'], 'Options are resolved once, before anything runs.'),
    {
      ...layer(
        'link',
        ['protocol', 'errors', 'timing'],
        'A link carries messages; of the options it knows only what an address is, how one is found, how TLS is spoken, and which pages may come in.',
      ),
      to: {
        path: [folders(...allBut('link', 'protocol', 'errors', 'timing')), `${lib}/index\\.ts$`],
        pathNot: `${lib}/options/(address|origins|resolve|tls-options|peer-certificate)\\.ts$`,
      },
    },
    layer(
      'session',
      ['options', 'link', 'protocol', 'errors', 'timing'],
      'One session serves both ends, so it knows neither.',
    ),
    layer(
      'client',
      ['session', 'options', 'link', 'protocol', 'errors', 'timing'],
      'The client imports the session and below, never the server.',
    ),
    layer(
      'server',
      ['session', 'options', 'link', 'protocol', 'errors', 'timing'],
      'The server imports the session and below, never the client.',
    ),
    {
      ...layer(
        'redis',
        ['errors', 'timing'],
        'An adapter knows what an adapter is, how options are read, and nothing of hubs, sessions and servers.',
      ),
      to: {
        path: [folders(...allBut('redis', 'errors', 'timing')), `${lib}/index\\.ts$`],
        pathNot: `${lib}/options/(hub-adapter|read-options|user-options|shown-value|checks/(check|numbers|objects))\\.ts$`,
      },
    },
    {
      name: 'ioredis-only-in-redis',
      comment: 'ioredis is an optional peer: whoever imports `heartwire` alone does not need it.',
      severity: 'error',
      from: { path: lib, pathNot: [folders('redis'), spec] },
      to: { path: packages('ioredis') },
    },
    layer(
      'browser',
      ['session', 'options', 'link', 'protocol', 'errors', 'timing'],
      'A client for pages: it imports the session and below, never what a Nest application has.',
    ),
    {
      name: 'browser-takes-types-of-options-and-link',
      comment:
        'Of options and link a page needs the types only: their code is for Node, and checks with class-validator.',
      severity: 'error',
      from: { path: folders('browser'), pathNot: spec },
      to: { path: folders('options', 'link'), dependencyTypesNot: ['type-only'] },
    },
    layer(
      'nest',
      allBut('nest', 'browser', 'redis', 'testing'),
      'Nest artefacts are on top; what is made for tests is not for them.',
    ),
    {
      name: 'testing-is-for-tests',
      comment: 'Nothing that runs in production may need what is made for tests.',
      severity: 'error',
      from: { path: [lib, '^src/'], pathNot: [spec, folders('testing')] },
      to: { path: folders('testing') },
    },
    {
      name: 'index-is-for-users',
      comment: 'Inside the library a file is imported by its own name: an index.ts only lists public names.',
      severity: 'error',
      from: { path: lib, pathNot: spec },
      to: { path: `${lib}/((browser|redis|testing)/)?index\\.ts$` },
    },

    {
      name: 'browser-code-imports-no-node',
      comment:
        'protocol, errors, timing, session and browser run in a browser. (The linter keeps Buffer and process out of them.)',
      severity: 'error',
      from: { path: folders('protocol', 'errors', 'timing', 'session', 'browser'), pathNot: spec },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'browser-code-reaches-no-node',
      comment: 'The same through what they import: no way may lead from them to a builtin of Node.',
      severity: 'error',
      from: { path: folders('protocol', 'errors', 'timing', 'session'), pathNot: spec },
      to: { path: `^(node:)?(${builtinModules.join('|')})$`, reachable: true },
    },
    {
      name: 'protocol-and-errors-import-no-package',
      comment: 'The codec and the errors stand alone.',
      severity: 'error',
      from: { path: folders('protocol', 'errors'), pathNot: spec },
      to: { path: '.', pathNot: '^(libs|src)/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'timing-session-and-browser-import-only-rxjs',
      comment: 'RxJS is the only package that timing, session and browser may need.',
      severity: 'error',
      from: { path: folders('timing', 'session', 'browser'), pathNot: spec },
      to: { path: '.', pathNot: ['^(libs|src)/', packages('rxjs')], dependencyTypesNot: ['core'] },
    },
    {
      name: 'sockets-only-in-link-and-listener',
      comment: 'node:net, node:tls, node:http and ws stay behind the Link interface and in the listeners.',
      severity: 'error',
      from: {
        path: lib,
        pathNot: [folders('link', 'testing'), `${lib}/server/listener[^/]*\\.ts$`, spec],
      },
      to: { path: ['^(node:)?(net|tls|https?)$', packages('ws')] },
    },
    {
      name: 'nest-only-at-the-edge',
      comment: 'Only the files that a Nest user touches know Nest.',
      severity: 'error',
      from: {
        path: lib,
        pathNot: [
          `${lib}/client/heartwire\\.client\\.ts$`,
          `${lib}/server/heartwire\\.(server|context)\\.ts$`,
          folders('nest', 'testing'),
          spec,
        ],
      },
      to: { path: packages('@nestjs') },
    },
    {
      name: 'no-nest-internals',
      comment: 'What Nest calls internal may change in any release.',
      severity: 'error',
      from: {},
      to: { path: '@nestjs/[^/]+/.*\\binternal\\b' },
    },

    {
      name: 'demo-uses-the-public-name',
      comment: 'The demo imports the library as its users do: by `heartwire`, never by a path.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^libs/', dependencyTypesNot: ['aliased-tsconfig-paths'] },
    },
    {
      name: 'services-meet-in-the-contract',
      comment:
        'A service of the demo, and a client of it, imports what it owns and the contract; what users have in common is in user.',
      severity: 'error',
      from: { path: '^src/(chat|contract|files|gateway|terminal|user)/', pathNot: spec },
      to: {
        path: '^src/',
        pathNot: ['^src/$1/', '^src/contract/', '^src/launcher/run-service\\.ts$', '^src/user/'],
      },
    },
    {
      name: 'user-runs-in-a-browser',
      comment: 'A page is a user as well as a terminal is: RxJS, and the contract without its DTOs.',
      severity: 'error',
      from: { path: '^src/user/', pathNot: spec },
      to: {
        path: '.',
        pathNot: [
          '^src/(user|contract)/(?!.*\\.dto\\.ts$|fields\\.ts$|strict-validation\\.ts$)',
          packages('rxjs'),
        ],
      },
    },
    {
      name: 'page-runs-in-a-browser',
      comment: 'Beside what users have in common, the page takes heartwire/browser.',
      severity: 'error',
      from: { path: '^src/page/', pathNot: spec },
      to: {
        path: '.',
        pathNot: [
          '^src/(page|user|contract)/(?!.*\\.dto\\.ts$|fields\\.ts$|strict-validation\\.ts$)',
          `${lib}/browser/index\\.ts$`,
          packages('rxjs'),
        ],
      },
    },
    {
      name: 'page-is-on-top',
      comment:
        'The page is a program of its own, built apart: nothing that runs in Node takes anything from it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/page/' },
      to: { path: '^src/page/' },
    },
    {
      name: 'library-knows-no-demo',
      comment: 'The library is published without the demo and the tests.',
      severity: 'error',
      from: { path: lib, pathNot: spec },
      to: { path: '^(src|test|bench|examples)/' },
    },
    {
      name: 'production-imports-no-spec',
      comment: 'Specs are not built.',
      severity: 'error',
      from: { path: [lib, '^src/'], pathNot: spec },
      to: { path: spec },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one idea in two files.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-missing',
      comment: 'An import that leads nowhere would hide from every rule above.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|libs/[^/]+/dist)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
