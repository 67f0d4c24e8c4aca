import { type FileHandle, open } from 'node:fs/promises';
import { createLogger } from '../../common/log.js';
import { type ShareChange, shareChangeSchema, type ShareChanged } from '../../common/share-change.js';
import type { PlacedShare, SharedPlace, ShareRequest } from '../sharing/index.js';
import { SharedNow, type SharedNowParts } from './shared-now.js';

export const inUse: ShareChanged = {
  kind: 'error',
  code: 'BH_SHARE_IN_USE',
  params: { path: '/elsewhere', user: 'container 0123456789ab' },
};

const soon = { answerMs: 20, unplugMs: 20 };

const placeOf = (name: string): SharedPlace['place'] => ({
  realPath: name,
  device: '8:1',
  within: `/fs${name}`,
  filesystem: 'ext4',
});

const hiddenIn = (path: string): PlacedShare['hidden'] =>
  path === '/c' ? [{ path: 'x', device: '8:1', inode: 7n, identity: '8:1:7:0' }] : [];

export const never = (): Promise<never> => new Promise(() => undefined);

/** Host and guest that do as they are told; each step by its name. */
export function setUp({
  guest = (_change: ShareChange): unknown => ({ kind: 'done' }),
  failing = '',
  judgeMs = 30_000,
  looks = async (): Promise<void> => undefined,
  unplugged = async (): Promise<void> => undefined,
  patient = soon,
} = {}) {
  const steps: string[] = [];
  const step = async (text: string): Promise<void> => {
    steps.push(text);
    if (failing !== '' && text.startsWith(failing)) throw new Error(`${failing} failed`);
  };
  let next = 1;
  const handles: FileHandle[] = [];
  const opened = async ({ path, readOnly }: ShareRequest) => {
    const handle = await open('/');
    handles.push(handle);
    const names = path === '/link' ? ['/link', '/real'] : [path];
    return names.map((name) => ({
      handle,
      path: name,
      readOnly,
      hidden: hiddenIn(path),
      place: placeOf(path),
    }));
  };
  const first = {
    request: { path: '/a', readOnly: false },
    paths: ['/a'],
    tag: 'share0',
    recorded: { path: '/a', readOnly: false, hidden: [] },
    place: placeOf('/a'),
  };
  const parts: SharedNowParts = {
    open: async (request, earlier) => {
      const beside = earlier.flatMap(({ paths, place }) => [...paths, place.within]);
      await step(`open ${request.path} beside ${beside.join(' ')}`);
      await looks();
      return opened(request);
    },
    record: (shares) =>
      step(`record ${shares.map(({ path, hidden }) => [path, ...hidden].join(' but ')).join(' ')}`),
    servers: {
      add: async (share) => {
        await step(`serve ${share.path}`);
        return { tag: `share${next++}`, socket: '/s' };
      },
      remove: (tag) => step(`end ${tag}`),
    },
    vm: {
      addShare: ({ tag }) => step(`plug ${tag}`),
      removeShare: (tag) => step(`unplug ${tag}`).then(unplugged),
    },
    link: {
      changeShares: async (change) => {
        await step(`guest ${JSON.stringify(change)}`);
        return guest(shareChangeSchema.parse(change));
      },
    },
    logger: createLogger('test', { write: () => undefined }),
  };
  const shared = new SharedNow([first], parts, { ...patient, judgeMs, byForce: soon });
  const closed = (): boolean => handles.every(({ fd }) => fd === -1);
  return { shared, steps, handles, closed };
}

export const paths = (shared: SharedNow): string[] => shared.requests.map(({ path }) => path);
