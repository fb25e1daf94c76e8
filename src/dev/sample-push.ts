export { samplePush as SAMPLE_PUSH } from '../providers/github-samples.ts';
