import tseslint from "typescript-eslint";

/** Randomness and time are arguments; only the edge (cli, bench, scripts, tests) may read the clock. */
const pureCore = [
  { object: "Math", property: "random", message: "Take a Random (src/random.ts) as an argument." },
  {
    object: "Date",
    property: "now",
    message: "Take the time as an argument; only the edge reads the clock.",
  },
];

export default tseslint.config(
  {
    ignores: [
      "dist",
      "native/build",
      "node_modules",
      "runs",
      "coverage",
      "docs/api",
      "src/export/onnx_pb.ts",
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js", "scripts/*.mjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "no-restricted-properties": ["error", ...pureCore],
    },
  },
  {
    files: ["src/cli/**", "bench/**", "test/**", "**/*.test.ts", "examples/**"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
