import js from '@eslint/js';
import comments from '@eslint-community/eslint-plugin-eslint-comments/configs';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const product = ['libs/*/src/**/*.ts', 'services/*/src/**/*.ts'];
const pure = [
  '**/domain/**/*.ts',
  'libs/robot-model/src/**/*.ts',
  'libs/anomaly-model/src/**/*.ts',
  'libs/contracts/src/**/*.ts',
];
const tests = ['**/*.test.ts', 'libs/testing/**/*.ts'];

const noProcess = { name: 'process', message: 'Only main.ts touches the process; take what you need as an argument.' };

export default tseslint.config(
  { ignores: ['**/node_modules/**', '.fleetstream/**', '**/*.cjs'] },
  js.configs.recommended,
  comments.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@fleetstream/*/src/*'], message: 'Import the package, not its inside.' }] },
      ],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      '@eslint-community/eslint-comments/require-description': 'error',
    },
  },
  {
    files: product,
    ignores: ['**/main.ts'],
    rules: { 'no-restricted-globals': ['error', noProcess] },
  },
  {
    files: pure,
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['process', 'fetch', 'setTimeout', 'setInterval', 'crypto', 'performance'].map((name) => ({
          name,
          message: 'This code is pure: pass it in.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'This code is pure: take nowMs as an argument.' },
        { object: 'Math', property: 'random', message: 'This code is pure: take the random source as an argument.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'This code is pure: take nowMs as an argument.',
        },
      ],
    },
  },
  { files: tests, rules: { 'max-lines-per-function': 'off', 'max-lines': 'off' } },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'setTimeout', 'setInterval', 'clearInterval'].map((name) => [name, 'readonly']),
      ),
    },
  },
  prettier,
);
