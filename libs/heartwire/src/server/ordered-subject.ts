import { type Observable, Subject } from 'rxjs';

/**
 * Tells everybody of one event before anybody hears of the next. A plain Subject doesn't, where a listener brings about
 * another event: those after it hear of that one first.
 */
export class OrderedSubject<T> {
  readonly events$: Observable<T>;

  private readonly subject = new Subject<T>();
  private readonly waiting: T[] = [];
  private isTelling = false;
  private isComplete = false;

  constructor() {
    this.events$ = this.subject.asObservable();
  }

  next(event: T): void {
    this.waiting.push(event);
    this.tell();
  }

  /** Once everything has been told. */
  complete(): void {
    this.isComplete = true;
    this.tell();
  }

  private tell(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    for (let event = this.waiting.shift(); event !== undefined; event = this.waiting.shift())
      this.subject.next(event);
    this.isTelling = false;
    if (this.isComplete) this.subject.complete();
  }
}
