hello() {
    echo "hello from $0"
}
