/** The ways in which a picture comes to the page: chosen, dropped, pasted. */

import type { Picture } from "./resize.js";

/** Calls `onFile` for every file that comes in, whatever it is. */
export function listenForFiles(
  { input, zone }: { readonly input: HTMLInputElement; readonly zone: HTMLElement },
  onFile: (file: File) => void,
): void {
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file) onFile(file);
    // Choosing the same file again is a change, too.
    input.value = "";
  });
  let depth = 0;
  const mark = (change: number) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("is-over", depth > 0);
  };
  window.addEventListener("dragenter", () => mark(1));
  window.addEventListener("dragleave", () => mark(-1));
  // Anywhere on the page: a near miss must not make the browser leave it.
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    mark(0);
    const [file] = event.dataTransfer?.files ?? [];
    if (file) onFile(file);
  });
  window.addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (file) onFile(file);
  });
}

/** Decodes an image file, turned upright, on white where it is transparent. Fails for what is no image. */
export async function readPicture(file: Blob): Promise<Picture> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, rgba: context.getImageData(0, 0, width, height).data };
}
