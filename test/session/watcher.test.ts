import { PassThrough } from "node:stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ok } from "../../lib/failure/result.js";
import type { SecretsFolder } from "../../lib/secrets-folder/secrets-folder.js";
import { startWatcher } from "../../lib/secrets-folder/watcher.js";
import { openEngine } from "../../lib/engine/choose-engine.js";

// The program in the container may end before, with or after the shell; which comes first cannot be arranged for real.

test("a watcher that has ended takes no more orders, and a second end is no error", async () => {
  let received = "";
  const engine = {
    ...(await openEngine("docker")),
    execPiped: (
      _container: string,
      _argv: readonly string[],
      { input }: { readonly input?: NodeJS.ReadableStream },
    ) => {
      const done = new Promise<
        ReturnType<typeof ok<{ code: number; signal: undefined; stdout: Buffer; stderr: string }>>
      >((resolve) => {
        input?.on("data", (piece) => (received += String(piece)));
        input?.on("end", () =>
          resolve(ok({ code: 0, signal: undefined, stdout: Buffer.alloc(0), stderr: "" })),
        );
      });
      return { stdout: new PassThrough().end(), done };
    },
  };
  const secrets = { engine, container: "c", user: "u", folder: "/s" } as unknown as SecretsFolder;
  const watcher = startWatcher(secrets, { intervalSeconds: 1, graceSeconds: 1, onChange: () => undefined });
  watcher.saved("1.2");
  watcher.end();
  watcher.end();
  watcher.saved("1.3");
  await watcher.ended;
  assert.is(received, "saved 1.2\nend\n");
});

test.run();
