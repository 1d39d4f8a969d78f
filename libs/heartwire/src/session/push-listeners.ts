import { Observable, Subject } from 'rxjs';

/** Who listens to what is pushed, by its route. A route that nobody listens to any more is forgotten. */
export class PushListeners {
  private readonly subjects = new Map<string, Subject<unknown>>();

  get isEmpty(): boolean {
    return this.subjects.size === 0;
  }

  on$(route: string): Observable<unknown> {
    return new Observable((subscriber) => {
      const subject = this.subjects.get(route) ?? new Subject<unknown>();
      this.subjects.set(route, subject);
      subject.subscribe(subscriber);
      // Runs after that subscription's own teardown.
      return () => {
        if (!subject.observed) this.subjects.delete(route);
      };
    });
  }

  /** All who listen to a route; `undefined` when nobody does. */
  to(route: string): Pick<Subject<unknown>, 'next'> | undefined {
    return this.subjects.get(route);
  }
}
