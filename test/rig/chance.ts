import { generator } from "./mutate.js";

/** Decisions that are the same for the same start. */
export class Chance {
  readonly #next: () => number;

  constructor(start: number) {
    this.#next = generator(start);
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  /** True in so many of a hundred. */
  percent(part: number): boolean {
    return this.#next() * 100 < part;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  }

  shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.below(left.length), 1));
  }
}
