import { runJob } from '../common/job.js';
import { runStatelessService } from '../common/stateless-service.js';

await runJob((job) => runStatelessService(job));
