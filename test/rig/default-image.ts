import { run, testImage } from "./host.js";

const wanted = "tazzo/tazpod-ai:latest";

/** Makes sure that an image with the default name exists: the real one, or else the test image under that name. */
export async function provideDefaultImage(): Promise<() => Promise<void>> {
  const found = await run("docker", ["image", "inspect", wanted]);
  if (found.code === 0) return async () => undefined;
  await run("docker", ["tag", testImage, wanted]);
  return async () => void (await run("docker", ["rmi", wanted]));
}
