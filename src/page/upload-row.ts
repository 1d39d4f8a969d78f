import { Subscription } from 'rxjs';

import { byId, element } from './element.js';
import { newId } from './memory.js';
import { sharedFileText, sizeText, storedName } from './shared-file.js';
import { upload } from './upload.js';

/** One upload, with how far it is; it goes once the file is shared. */
export class UploadRow {
  private readonly progress = element('progress', { max: 1, value: 0 });
  private readonly state = element('span', { className: 'state' });
  private readonly retry = element('button', { type: 'button', textContent: 'Try again', hidden: true });
  private readonly cancel = element('button', { type: 'button', textContent: 'Cancel' });
  private readonly row: HTMLElement;
  private uploading = Subscription.EMPTY;

  constructor(
    private readonly file: File,
    private readonly share: (text: string) => void,
  ) {
    const name = element('span', { className: 'name', textContent: file.name });
    this.row = element('li', {}, name, this.progress, this.state, this.retry, this.cancel);
    this.progress.ariaLabel = `Upload of ${file.name}`;
    this.retry.addEventListener('click', () => this.upload());
    this.cancel.addEventListener('click', () => {
      this.uploading.unsubscribe();
      this.remove();
    });
  }

  start(list: Element): void {
    list.append(this.row);
    this.upload();
  }

  private upload(): void {
    const { file } = this;
    const name = storedName(file.name, newId().slice(0, 6));
    if (document.activeElement === this.retry) this.cancel.focus();
    this.retry.hidden = true;
    this.show(0);
    this.uploading = upload(file, name).subscribe({
      next: (step) => {
        if (step.type === 'sent') this.show(step.bytes);
        else this.share(sharedFileText(step.file));
      },
      error: (error: unknown) => {
        this.state.textContent = error instanceof Error ? error.message : String(error);
        this.retry.hidden = false;
      },
      complete: () => this.remove(),
    });
  }

  /** Who was here with the keyboard goes on at the message field. */
  private remove(): void {
    if (this.row.contains(document.activeElement)) byId('text', HTMLTextAreaElement).focus();
    this.row.remove();
  }

  private show(bytes: number): void {
    const { size } = this.file;
    this.progress.value = size === 0 ? 1 : bytes / size;
    this.state.textContent = `${sizeText(bytes)} of ${sizeText(size)}`;
  }
}
