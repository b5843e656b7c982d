import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { engineName, type Host, testImage } from "../rig/host.js";

/** Tests of `build` with an engine that can build; `make` creates a host with this Dockerfile and this `build`. */
export function buildTrip(make: (dockerfile: string, build?: string) => Promise<Host>): void {
  test(`${engineName} builds the image once, with its arguments and stage, and creates the container from it`, async () => {
    const text = [
      `FROM ${testImage} AS base`,
      "ARG WHAT=none",
      "COPY note /note",
      'RUN echo "$WHAT" > /tmp/what',
      "FROM base AS wanted",
      "RUN echo wanted > /tmp/stage",
      "FROM base",
      "RUN echo last > /tmp/stage",
    ].join("\n");
    const host = await make(text, "{ context: ., args: { WHAT: a value }, target: wanted }");
    await writeFile(host.path("note"), "copied\n");
    const first = await host.enter("cat /note /tmp/what /tmp/stage");
    assert.is(first.code, 0, first.stderr);
    assert.is(first.stdout, "copied\na value\nwanted\n");
    const id = await host.id();
    assert.is((await host.enter("true")).code, 0);
    assert.is(await host.id(), id);
  });

  test(`${engineName}: a changed Dockerfile recreates the container; a changed file that it copies needs recreate-container`, async () => {
    const host = await make(`FROM ${testImage}\nCOPY note /note\n`);
    await writeFile(host.path("note"), "one\n");
    assert.is((await host.enter("cat /note")).stdout, "one\n");
    const id = await host.id();
    await writeFile(
      host.path("Dockerfile"),
      `FROM ${testImage}\nCOPY note /note\nRUN echo more > /more\n`.replace("RUN", "USER 0\nRUN"),
    );
    const plan = await host.tazpod("plan", "recreate-container");
    assert.is(plan.code, 0, plan.stderr);
    const status = await host.tazpod("status");
    assert.match(status.stdout, /its settings or its Dockerfile have changed/);
    const changed = await host.enter("cat /note /more");
    assert.is(changed.stdout, "one\nmore\n", changed.stderr);
    assert.is.not(await host.id(), id);
    await writeFile(host.path("note"), "two\n");
    assert.is((await host.enter("cat /note")).stdout, "one\n");
    assert.is((await host.run("recreate-container")).code, 0);
    assert.is((await host.enter("cat /note")).stdout, "two\n");
  });
}
