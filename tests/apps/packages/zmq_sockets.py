# /// script
# dependencies = ["pyzmq"]
# ///
"""ZeroMQ sockets on loopback; C++ with threads of its own, and libsodium."""

# expect: 1000
# expect: 40

import zmq

context = zmq.Context()
one, two = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
two.connect(f"tcp://127.0.0.1:{one.bind_to_random_port('tcp://127.0.0.1')}")
for number in range(1000):
    two.send(b"%d" % number)
print(len({one.recv() for _ in range(1000)}))
print(len(zmq.curve_keypair()[0]))
one.close()
two.close()
context.term()
