import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import imports from './scripts/lint/import-rules.mjs';

const nodeGlobals = Object.fromEntries(
  [
    'Buffer',
    'console',
    'process',
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'URL',
  ].map((name) => [name, 'readonly']),
);
const mochaGlobals = {
  describe: 'readonly',
  it: 'readonly',
  before: 'readonly',
  after: 'readonly',
  beforeEach: 'readonly',
  afterEach: 'readonly',
};

const sizeLimits = {
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
};

const clockOnly = ['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({
  name,
  message: 'time comes from the injected Clock',
}));

export default tseslint.config(
  { ignores: ['**/dist/', '**/dist-test/', '**/node_modules/', '.cache/', 'benchmarks/results/'] },
  // Exceptions are made here, in the open, not in comments beside the code.
  { linterOptions: { noInlineConfig: true } },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: nodeGlobals },
    rules: sizeLimits,
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { millrace: imports },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...sizeLimits,
      'millrace/direction': 'error',
      'millrace/package-home': 'error',
      'millrace/no-cycle': 'error',
      eqeqeq: ['error', 'smart'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': true, 'ts-ignore': true, 'ts-nocheck': true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowRegExp: true },
      ],
      // It also objects to assertions that state a type for the reader.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Interfaces are written with methods, which makes every destructured callback look unbound.
      '@typescript-eslint/unbound-method': 'off',
      // Interfaces of the client port are asynchronous, also where one implementation need not wait.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['packages/framework/src/runtime/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...clockOnly],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'time comes from the injected Clock' },
      ],
    },
  },
  {
    files: ['**/test/**/*.{ts,mjs}', 'scripts/test/**/*.mjs'],
    languageOptions: { globals: mochaGlobals },
    rules: {
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name='it'] > Literal.arguments:first-child[value!=/^should /]",
          message: 'a test is titled "should ..."',
        },
        {
          selector: 'MemberExpression[object.name=/^(it|describe)$/][property.name=/^(only|skip)$/]',
          message: 'tests are neither skipped nor singled out',
        },
      ],
    },
  },
);
