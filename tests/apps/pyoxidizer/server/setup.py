from setuptools import setup

setup(
    name="greeter",
    version="1.4",
    packages=["greeter"],
    package_data={"greeter": ["templates/*.html"]},
    install_requires=["flask==3.1.0"],
)
