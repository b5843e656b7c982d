import type { Terminal } from "../host/terminal.js";
import { explain } from "../failure/explain.js";
import type { Result } from "../failure/result.js";

export type Report = (text: string) => void;

/** How the steps that do not own the terminal are shown. */
export interface Progress {
  show<T>(title: string, work: (report: Report) => Promise<Result<T>>): Promise<Result<T>>;
}

/** One line when a step ends; nothing in between. For logs and pipes. */
export function plainProgress(terminal: Terminal): Progress {
  return {
    async show(title, work) {
      const result = await work(() => undefined);
      terminal.print(`${result.ok ? "✔" : "✖"} ${title}`);
      return result;
    },
  };
}

/** A spinner, with what the step reports below it while it runs, and what it says below its title. */
export function listProgress(terminal: Terminal): Progress {
  return {
    async show(title, work) {
      const { spin } = await import("../host/spinner.js");
      const results: Awaited<ReturnType<typeof work>>[] = [];
      await spin(title, async ({ add, report }) => {
        const result = await terminal.redirect(add, () => work(report));
        results.push(result);
        return result.ok ? undefined : explain(result.failure).message.split("\n")[0];
      });
      const [result] = results;
      if (result === undefined) throw new Error("a step that was shown had no result");
      return result;
    },
  };
}
