/** Waits until something holds; after `seconds`, throws an error with the value of `now`. */
export async function until(
  holds: () => Promise<boolean>,
  seconds = 60,
  now: () => string = () => "",
): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not come about within ${seconds} s ${now()}`);
}
