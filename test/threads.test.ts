import { join } from "node:path";
import { expect, it } from "vitest";
import { runSmash } from "../src/cli/built-cli.fixture.js";
import { temporaryFolder } from "./search-command.fixture.js";

const folder = temporaryFolder("threads");

/** What GCC's OpenMP says of itself while a search begins; undefined where libtorch brings another. */
async function openMpSettings(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const args = ["search", "--preset", "tiny", "--data", "synthetic", "--quiet"];
  const { stderr } = await runSmash([...args, "--out", join(folder, "run")], {
    env: { GOMP_SPINCOUNT: undefined, OMP_WAIT_POLICY: undefined, OMP_DISPLAY_ENV: "verbose", ...env },
    onStderr: (text, kill) => {
      if (text.includes("OPENMP DISPLAY ENVIRONMENT END")) kill("SIGKILL");
    },
  });
  return stderr.includes("GOMP_SPINCOUNT") ? stderr : undefined;
}

it.for<[string, NodeJS.ProcessEnv, string]>([
  ["wait a short time in a loop", {}, "GOMP_SPINCOUNT = '1000'"],
  ["wait as the user has said", { GOMP_SPINCOUNT: "77" }, "GOMP_SPINCOUNT = '77'"],
  ["wait as the standard's variable says", { OMP_WAIT_POLICY: "passive" }, "GOMP_SPINCOUNT = '0'"],
])("threads without work %s", async ([_, env, expected], { skip }) => {
  const settings = await openMpSettings(env);
  if (settings === undefined) return skip("libtorch here has another OpenMP than GCC's");
  expect(settings).toContain(expected);
});
