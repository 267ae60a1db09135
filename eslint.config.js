import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import boundaries from 'eslint-plugin-boundaries';

// Data flows down: a folder imports only from those above it in this list.
const order = [
  'util',
  'config',
  'dialect',
  'pair',
  'freeze',
  'dump',
  'store',
  'catalog',
  'restore',
  'story',
  'cli',
];

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 350 }],
    },
  },
  {
    files: ['src/**/*.ts'],
    plugins: { boundaries },
    settings: {
      'import/resolver': { typescript: true, node: true },
      'boundaries/elements': [
        { type: 'errors', pattern: 'src/errors.ts', mode: 'full' },
        { type: 'index', pattern: 'src/index.ts', mode: 'full' },
        { type: 'story', pattern: 'src/*.ts', mode: 'full' },
        ...order
          .filter((name) => name !== 'story')
          .map((name) => ({ type: name, pattern: `src/${name}/**/*`, mode: 'full' })),
      ],
    },
    rules: {
      'boundaries/no-unknown-files': 'error',
      'boundaries/element-types': [
        'error',
        {
          default: 'disallow',
          rules: [
            ...order.map((name, i) => ({
              from: name,
              allow: ['errors', ...order.slice(0, i + 1)],
            })),
            { from: 'index', allow: ['errors', ...order] },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['**/*.js'], languageOptions: { globals: { process: 'readonly', console: 'readonly' } } },
);
