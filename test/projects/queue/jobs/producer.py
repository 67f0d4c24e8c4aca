"""producer.py FIRST LAST: puts these numbers into the queue and waits until all that ever were there are done."""
import os
import sys
import time

import redis

first, last = int(sys.argv[1]), int(sys.argv[2])
queue = redis.Redis(host=os.environ["REDIS_HOST"])
wanted = queue.incrby("wanted", last - first + 1)
queue.rpush("jobs", *range(first, last + 1))
while int(queue.get("done") or 0) < wanted:
    time.sleep(0.1)
print(f"{wanted} done")
