// Files in and out: dropped anywhere on the page, chosen by a button, saved as a download.
import { find } from './dom.js';

/** @param open  called with each file that is dropped or chosen */
export function takeFiles(open: (file: File) => void): void {
  const { body } = document;
  const hasFile = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') === true;
  body.addEventListener('dragover', (event) => {
    if (!hasFile(event)) return;
    event.preventDefault(); // else the browser would leave the page for the file
    body.classList.add('over');
  });
  body.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) body.classList.remove('over');
  });
  body.addEventListener('drop', (event) => {
    body.classList.remove('over');
    if (!hasFile(event)) return;
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) open(file);
  });
  for (const id of ['file', 'load']) {
    const input = find(id, HTMLInputElement);
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = ''; // the same file may be chosen again
      if (file) open(file);
    });
  }
}

export function download(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type: 'application/zip' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
