/** Ends quietly when nobody reads on. Apart from `exit.ts`, because `--help` needs it too. */

/**
 * Lets `smash … | head` end quietly: nobody reads on, so nothing is left to do. A reader of stderr that left is no
 * reason to stop work, whose result goes elsewhere.
 */
export function exitOnClosedOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
