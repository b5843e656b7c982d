#!/usr/bin/env node
import { helpText } from "./help.js";

const argv = process.argv.slice(2);
// help is there at once: nothing else is loaded for it
if (argv.length === 1 && ["--help", "-h", "help"].includes(argv[0] ?? "")) process.stdout.write(helpText());
// and a prompt waits for this each time it is drawn
else if (argv.join(" ") === "status --short")
  process.exitCode = await (await import("./status-short.js")).shortStatus();
else process.exitCode = await (await import("./main.js")).main(argv);
