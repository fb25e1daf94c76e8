import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createCertificateLookup } from '../../src/api/certificates.ts';
import { issue } from '../support/certificates.ts';

const now = new Date('2026-11-20T12:00:00Z');
const url = (name = 'CERT-1') => new URL(`https://api.paypal.com/v1/notifications/certs/${name}`);
let pem: string;
let shortLived: string;
beforeAll(async () => {
  pem = (await issue({ name: 'a', to: '2027-01-01T00:00:00Z' })).pem;
  shortLived = pem + (await issue({ name: 'b', to: '2026-11-20T13:00:00Z' })).pem;
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now });
  onTestFinished(() => void vi.useRealTimers());
});
const later = (seconds: number) => vi.setSystemTime(now.getTime() + seconds * 1000);

type Fetch = typeof globalThis.fetch;
const answering = (answer: () => Response | Promise<Response>) => vi.fn<Fetch>(async () => await answer());
const refusal = async (looked: Promise<string>) =>
  await looked.then(
    () => 'found',
    ({ reason }: { reason: string }) => reason,
  );

describe('a certificate', () => {
  test('is fetched once, by its URL alone, and never from where that leads', async () => {
    const fetch = answering(() => new Response(pem));
    const lookUp = createCertificateLookup({ fetch });
    expect([await lookUp(url()), await lookUp(url())]).toEqual([pem, pem]);
    expect(fetch).toHaveBeenCalledExactlyOnceWith(
      url().href,
      expect.objectContaining({ redirect: 'manual', signal: expect.any(AbortSignal) as unknown }),
    );
    await lookUp(url('CERT-2'));
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test('that many deliveries ask for at once is fetched once', async () => {
    const fetch = answering(() => new Response(pem));
    const lookUp = createCertificateLookup({ fetch });
    await Promise.all(Array.from({ length: 50 }, () => lookUp(url())));
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test('is kept until the first in its chain expires', async () => {
    const fetch = answering(() => new Response(shortLived));
    const lookUp = createCertificateLookup({ fetch });
    await lookUp(url());
    later(3599);
    await lookUp(url());
    expect(fetch).toHaveBeenCalledTimes(1);
    later(3600);
    await lookUp(url());
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test('that has expired is fetched every ten seconds at most', async () => {
    const fetch = answering(() => new Response(shortLived));
    const lookUp = createCertificateLookup({ fetch });
    later(7200);
    await lookUp(url());
    await lookUp(url());
    expect(fetch).toHaveBeenCalledTimes(1);
    later(7211);
    await lookUp(url());
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});

describe('what is of no use', () => {
  test.each<[string, () => Response, string]>([
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'https://evil.example' } }),
      'certificate_untrusted',
    ],
    ['nothing there', () => new Response('', { status: 404 }), 'certificate_untrusted'],
    ['a page', () => new Response('<html>'), 'certificate_untrusted'],
    ['nothing at all', () => new Response(null), 'certificate_untrusted'],
    ['a certificate that is cut off', () => new Response(pem.slice(0, 200)), 'certificate_untrusted'],
    ['more than 64 KiB', () => new Response(pem + ' '.repeat(65_536)), 'certificate_untrusted'],
    ['trouble', () => new Response('', { status: 500 }), 'certificate_unavailable'],
    ['a limit', () => new Response('', { status: 429 }), 'certificate_unavailable'],
    ['a wall', () => new Response('', { status: 403 }), 'certificate_unavailable'],
  ])('%s is remembered for ten seconds', async (_title, answer, reason) => {
    const fetch = answering(answer);
    const lookUp = createCertificateLookup({ fetch });
    expect(await refusal(lookUp(url()))).toBe(reason);
    later(9);
    expect(await refusal(lookUp(url()))).toBe(reason);
    expect(fetch).toHaveBeenCalledTimes(1);
    later(10);
    fetch.mockResolvedValue(new Response(pem));
    expect(await refusal(lookUp(url()))).toBe('found');
  });

  test('a body without end is not read to it', async () => {
    let chunks = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        chunks += 1;
        controller.enqueue(new Uint8Array(10_000));
      },
    });
    const lookUp = createCertificateLookup({ fetch: answering(() => new Response(endless)) });
    expect(await refusal(lookUp(url()))).toBe('certificate_untrusted');
    expect(chunks).toBeLessThan(12);
  });
});

describe('a network that is away', () => {
  test('is no reason to refuse for good', async () => {
    const cause = new Error('getaddrinfo ENOTFOUND api.paypal.com');
    const lookUp = createCertificateLookup({
      fetch: answering(() => Promise.reject(new TypeError('fetch failed', { cause }))),
    });
    await expect(lookUp(url())).rejects.toMatchObject({
      code: 'not_durable',
      reason: 'certificate_unavailable',
      status: 503,
      note: cause.message,
    });
  });

  test('holds a delivery up no longer than it may, and a later one finds what came in the end', async () => {
    let bring: (response: Response) => void = () => undefined;
    const fetch = answering(() => new Promise((resolve) => (bring = resolve)));
    const lookUp = createCertificateLookup({ fetch, waitMs: 5 });
    expect(await refusal(lookUp(url()))).toBe('certificate_unavailable');
    expect(await refusal(lookUp(url()))).toBe('certificate_unavailable');
    bring(new Response(pem));
    await vi.waitFor(async () => expect(await lookUp(url())).toBe(pem));
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test('a fetch is given up in the end', async () => {
    const fetch = vi.fn<Fetch>(
      (_url, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
        }),
    );
    const lookUp = createCertificateLookup({ fetch, fetchMs: 5 });
    expect(await refusal(lookUp(url()))).toBe('certificate_unavailable');
  });
});

describe('forged deliveries', () => {
  test('that name ever new certificates cause so many fetches, and no more', async () => {
    const fetch = answering(() => new Response('', { status: 404 }));
    const lookUp = createCertificateLookup({ fetch });
    const reasons = [];
    for (let n = 0; n < 100; n++) reasons.push(await refusal(lookUp(url(`CERT-${n}`))));
    expect(fetch).toHaveBeenCalledTimes(60);
    expect(new Set(reasons.slice(60))).toEqual(new Set(['certificate_unavailable']));
  });

  test('do not push out what is in use', async () => {
    const fetch = answering(() => new Response(pem));
    const lookUp = createCertificateLookup({ fetch, fetchLimit: { limit: 1000, windowSeconds: 60 } });
    await lookUp(url('GENUINE'));
    for (let n = 0; n < 300; n++) {
      await lookUp(url(`CERT-${n}`));
      await lookUp(url('GENUINE'));
    }
    expect(fetch).toHaveBeenCalledTimes(301);
  });
});

test("with Node's own fetch: a redirect is not followed, a body is cut at its limit", async () => {
  const serve = async (listener: RequestListener) => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  };
  const asked: string[] = [];
  const redirecting = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(301, { location: '/elsewhere' }).end(pem);
  });
  expect(await refusal(createCertificateLookup()(redirecting))).toBe('certificate_untrusted');
  expect(asked).toEqual(['/']);
  const endless = await serve((_request, response) => {
    const more = () => {
      while (response.write('x'.repeat(10_000)));
    };
    response.on('drain', more);
    more();
  });
  expect(await refusal(createCertificateLookup()(endless))).toBe('certificate_untrusted');
  const genuine = await serve((_request, response) => response.end(pem));
  expect(await createCertificateLookup()(genuine)).toBe(pem);
});
