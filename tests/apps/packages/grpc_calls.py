# /// script
# dependencies = ["grpcio", "pyzmq"]
# ///
"""A gRPC client and server, and ZeroMQ sockets, on loopback; C++ with threads of its own."""

# expect: grpc b'pong:x49'
# expect: stream [0, 1, 2]
# expect: error UNIMPLEMENTED
# expect: zmq 1000
# expect: curve 40

from concurrent import futures

import grpc
import zmq


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method == "/t/ping":
            return grpc.unary_unary_rpc_method_handler(lambda request, _: b"pong:" + request)
        if details.method == "/t/count":
            return grpc.unary_stream_rpc_method_handler(
                lambda request, _: (bytes([n]) for n in range(request[0]))
            )
        return None


server = grpc.server(futures.ThreadPoolExecutor(4))
server.add_generic_rpc_handlers((Handler(),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
    answers = [channel.unary_unary("/t/ping")(b"x%d" % n, timeout=20) for n in range(50)]
    print("grpc", answers[-1])
    print("stream", [one[0] for one in channel.unary_stream("/t/count")(b"\3", timeout=20)])
    try:
        channel.unary_unary("/t/other")(b"", timeout=20)
    except grpc.RpcError as error:
        print("error", error.code().name)
server.stop(0).wait()

context = zmq.Context()
one, two = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
two.connect(f"tcp://127.0.0.1:{one.bind_to_random_port('tcp://127.0.0.1')}")
for number in range(1000):
    two.send(b"%d" % number)
print("zmq", len({one.recv() for _ in range(1000)}))
print("curve", len(zmq.curve_keypair()[0]))
one.close()
two.close()
context.term()
