import { afterEach, describe, expect, it } from '@jest/globals';
import { type CanActivate, Injectable, type Provider, Scope, UseGuards } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestFactory } from '@nestjs/core';
import { HeartwireModule, PushPattern } from 'heartwire';

import { moduleOf, Stage } from './support/stage.js';

@Injectable()
class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

describe('pushes to a Nest application', () => {
  const stage = new Stage();

  afterEach(() => stage.clear());

  /** What becomes of an application whose pushes such a provider handles. */
  const startWith = (...providers: Provider[]): Promise<unknown> => {
    const url = 'tcp://127.0.0.1:1';
    const module = moduleOf({
      imports: [
        HeartwireModule.register([{ name: 'CHAT', url }]),
        HeartwireModule.register([{ name: 'OTHER', url }]),
      ],
      providers,
    });
    const options = { logger: stage.logger, abortOnError: false };
    return NestFactory.createApplicationContext(module, options).catch((error: unknown) => error);
  };

  it.each([Scope.REQUEST, Scope.TRANSIENT])(
    'can’t be handled by a class without a single instance: scope %p',
    async (scope) => {
      @Injectable({ scope })
      class EachTime {
        @PushPattern('news')
        news(): void {
          throw new Error('unreachable');
        }
      }
      expect(await startWith(EachTime)).toMatchObject({ message: expect.stringContaining('EachTime.news') });
    },
  );

  it('can’t be handled by what a factory makes, as its guards would be left out', async () => {
    class Made {
      @UseGuards(Nobody)
      @PushPattern('news')
      news(): void {
        throw new Error('unreachable');
      }
    }
    for (const provider of [
      { provide: 'MADE', useFactory: () => new Made() },
      { provide: Made, useValue: new Made() },
    ]) {
      expect(await startWith(provider)).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('Made.news'),
      });
    }
  });

  describe.each([Scope.REQUEST, Scope.TRANSIENT])('can’t be handled where Nest would leave out', (scope) => {
    @Injectable()
    class Ready {
      @PushPattern('news')
      news(): void {
        throw new Error('unreachable');
      }
    }

    it.each([APP_GUARD, APP_PIPE, APP_INTERCEPTOR, APP_FILTER])(`%s of the scope ${scope}`, async (name) => {
      const forAll = { provide: name, useClass: Nobody, scope };
      expect(await startWith(Ready, forAll)).toMatchObject({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining(`Ready.news: each ${name} must have the default scope`),
      });
    });
  });

  it('can’t be from a client that no HeartwireModule has', async () => {
    @Injectable()
    class Misspelt {
      @PushPattern('news', { from: 'CAHT' })
      news(): void {
        throw new Error('unreachable');
      }

      @PushPattern('news', { from: 'OTHER' })
      otherNews(): void {
        throw new Error('unreachable');
      }
    }
    expect(await startWith(Misspelt)).toMatchObject({
      code: 'INVALID_OPTIONS',
      message:
        '@PushPattern of Misspelt.news: from must be the name of a client of HeartwireModule (CHAT, OTHER), not CAHT',
    });
  });

  it('can’t be under what is no pattern; then nothing has begun to connect', async () => {
    @Injectable()
    class Forgetful {
      @PushPattern('news')
      news(): void {
        throw new Error('unreachable');
      }

      @PushPattern(undefined)
      forgotten(): void {
        throw new Error('unreachable');
      }
    }
    expect(await startWith(Forgetful)).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringContaining('Forgetful.forgotten: the pattern must be'),
    });
  });
});
