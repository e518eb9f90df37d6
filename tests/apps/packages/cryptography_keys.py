# /// script
# dependencies = ["cryptography"]
# ///
"""Two copies of OpenSSL in one process: the package's own, and that of `ssl`."""

# expect: fernet b'secret'
# expect: rsa verified
# expect: forged refused
# expect: ed25519 64
# expect: two True
# expect: tls b'through'

import ssl
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from socket import socketpair

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet
from cryptography.hazmat.backends.openssl import backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

box = Fernet(Fernet.generate_key())
print("fernet", box.decrypt(box.encrypt(b"secret")))
key = rsa.generate_private_key(65537, 2048)
signature = key.sign(b"text", padding.PKCS1v15(), hashes.SHA256())
key.public_key().verify(signature, b"text", padding.PKCS1v15(), hashes.SHA256())
print("rsa verified")
try:
    key.public_key().verify(signature, b"other", padding.PKCS1v15(), hashes.SHA256())
except InvalidSignature:
    print("forged refused")
print("ed25519", len(ed25519.Ed25519PrivateKey.generate().sign(b"text")))
print("two", ssl.OPENSSL_VERSION.split()[1] != backend.openssl_version_text().split()[1])

# A certificate by the one, a connection by the other.
own = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
now = datetime.now(UTC)
certificate = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(own.public_key())
    .serial_number(1)
    .not_valid_before(now - timedelta(days=1))
    .not_valid_after(now + timedelta(days=1))
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    .sign(own, hashes.SHA256())
)
pem = certificate.public_bytes(serialization.Encoding.PEM)
with tempfile.NamedTemporaryFile() as file:
    file.write(pem)
    file.write(
        own.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    file.flush()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file.name)
client = ssl.create_default_context(cadata=pem.decode())
one, two = socketpair()


def serve():
    with server.wrap_socket(one, server_side=True) as stream:
        stream.sendall(stream.recv(100))


threading.Thread(target=serve).start()
with client.wrap_socket(two, server_hostname="localhost") as stream:
    stream.sendall(b"through")
    print("tls", stream.recv(100))
