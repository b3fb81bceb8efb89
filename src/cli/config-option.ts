/** The flag of every command that takes a whole configuration, for `.option(...configOption)`. */
export const configOption = [
  "--config <file>",
  "JSON with settings to change, laid out as config.json of any run",
] as const;
