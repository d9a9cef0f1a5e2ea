// SPDX-License-Identifier: GPL-3.0-or-later
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const processBan = (names, message) => names.map((property) => ({ object: 'process', property, message }));

export default defineConfig(
  { ignores: ['node_modules', 'dist', '.cache', '**/alpy-out', '*.js', '.dependency-cruiser.cjs'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 300 }],
      'no-console': 'error',
      // functions hand their `arguments` to the check of core/arguments.ts; rest parameters would change their signatures
      'prefer-rest-params': 'off',
      // a variable of `using` counts as used, because it is released
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // errors of other code are handled by the classes of core/errors.ts
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      // the client of the Engine API declares streams by their interfaces
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // only bytes and ASCII are spread here
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-restricted-properties': [
        'error',
        ...processBan(['env', 'argv', 'cwd'], 'Only src/cli reads the environment; take it as an argument.'),
        ...processBan(['exit', 'exitCode'], 'Only src/cli ends the process; throw an error of core/errors.ts.'),
        ...processBan(['stdout'], 'Only src/cli prints; use step() and log().'),
      ],
    },
  },
  {
    // they handle files in folders that a container can write to
    files: ['src/{capture,console,report,snapshot,testbed}/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['node:fs', 'node:fs/promises'].map((name) => ({
            name,
            importNames: [
              ...['readFile', 'readFileSync', 'writeFile', 'writeFileSync', 'appendFile', 'truncate', 'truncateSync'],
              ...['createReadStream', 'createWriteStream'],
            ],
            message: 'They follow links and open pipes and devices; use core/plain-file.ts.',
          })),
        },
      ],
    },
  },
  {
    files: ['src/cli/**', 'scripts/**', 'test/**', 'bench/**', 'vitest.config.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' },
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
