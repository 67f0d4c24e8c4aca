"""Takes numbers from the queue and writes their squares, one file each, with the name of who did it."""
import os
import socket

import redis

queue = redis.Redis(host=os.environ["REDIS_HOST"], retry_on_timeout=True)
print("ready")
while True:
    _, job = queue.blpop("jobs")
    number = int(job)
    path = f"/results/{number}"
    with open(f"{path}.part", "w") as part:
        part.write(f"{number * number} by {socket.gethostname()}\n")
    os.rename(f"{path}.part", path)
    queue.incr("done")
