import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// Data flows down: a folder imports only from those before it, and from errors.ts and util/.
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
  'drill',
  'failover',
  'report',
  'schedule',
  'notify',
  'cli',
];
const stories = ['backup', 'snapshot', 'makeReport', 'promotePair', 'init', 'forPairs'];

/** What the files of `folder` may not import, by the path they would have to write. */
function above(folder) {
  const later = order.slice(order.indexOf(folder) + 1);
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\.\\./)+(${later.join('|') || '-'})/`,
              message: `${folder}/ is above it: data flows down`,
            },
            ...(folder === 'cli'
              ? []
              : [
                  {
                    regex: `^(\\.\\./)+(index|${stories.join('|')})\\.js$`,
                    message: 'the stories import the folders',
                  },
                ]),
          ],
        },
      ],
    },
  };
}

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
  ...order.map(above),
  {
    files: ['src/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^\\./cli/', message: 'the library stands without the command line' },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.js'],
    ignores: ['src/report/browser/*.js', 'test/report/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  // For a browser: what there is of globals, its own tsconfig.json knows.
  { files: ['src/report/browser/*.js', 'test/report/*.js'], rules: { 'no-undef': 'off' } },
);
